metadata description = 'Where logs, metrics and traces go: one workspace, and Application Insights on top of it. What watches them is in alerts and workbook.'

@description('Required. What names end with.')
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Principal that sends telemetry: the app.')
param senderPrincipalId string

@description('Required. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Required. Gigabytes a day after which collection stops until the next day; -1 for no limit.')
@minValue(-1)
param dailyCapGb int

@description('Required. Whether a lock keeps the logs from being deleted.')
param deleteLock bool

// Monitoring Metrics Publisher: sends telemetry, reads none.
var publisherRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3913510d-42f4-4e42-8a64-420c390055eb')

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, senderPrincipalId, publisherRole)
  scope: insights
  properties: {
    roleDefinitionId: publisherRole
    principalId: senderPrincipalId
    principalType: 'ServicePrincipal'
    description: 'The app sends its telemetry; a connection string alone opens nothing.'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: workspace
  properties: {
    workspaceId: workspace.id
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: workspace
  properties: {
    level: 'CanNotDelete'
    notes: 'What happened is still asked for after the app is gone.'
  }
}

@description('Workspace that everything else sends its logs to.')
output workspaceId string = workspace.id

@description('Resource id of the Application Insights component, which queries and alerts ask.')
output insightsId string = insights.id

@description('Name of the Application Insights component.')
output insightsName string = insights.name

@description('Where telemetry is sent; it needs an Entra token beside it, so it is no secret.')
output connectionString string = insights.properties.ConnectionString
